# Builds from a checkout: docker build -t pilotlight:0.1.0 .
FROM node:20-slim AS build
WORKDIR /pilotlight
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:20-slim
ENV NODE_ENV=production
WORKDIR /pilotlight
COPY --from=build /pilotlight/package.json /pilotlight/LICENSE ./
COPY --from=build /pilotlight/node_modules ./node_modules
COPY --from=build /pilotlight/examples ./examples
COPY --from=build /pilotlight/dist ./dist
# The user `node`, by its number, so that Kubernetes can tell that it is not root.
USER 1000:1000
EXPOSE 15010 15014
ENTRYPOINT ["node", "/pilotlight/dist/cli/main.js"]
CMD ["serve"]
