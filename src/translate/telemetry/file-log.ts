/** Access logs in files. */
import { packAny } from '../../envoy/any.js';
import { FileAccessLog, type AccessLogShape, type FileAccessLogShape } from '../../envoy/messages.js';
import { ReqWithoutQuery, type TypedExtensionShape } from '../../envoy/policy-messages.js';
import { struct, type JsonInput, type JsonObjectInput } from '../../envoy/well-known.js';

type LogFormatShape = NonNullable<FileAccessLogShape['logFormat']>;

/** A log in a file. */
export function fileLog(path: string, logFormat: LogFormatShape): AccessLogShape {
  return { name: 'envoy.access_loggers.file', typedConfig: packAny(FileAccessLog, { path, logFormat }) };
}

/** Text of which each entry ends with a new line; Istio's own for an empty one. */
export function textFormat(format: string, omitEmptyValues = false): LogFormatShape {
  const text = format === '' ? defaultText : format;
  const inlineString = text.endsWith('\n') ? text : `${text}\n`;
  return {
    textFormatSource: { inlineString },
    omitEmptyValues,
    formatters: formattersFor([inlineString]),
  };
}

/** A JSON object for each entry; Istio's own for an empty one. */
export function jsonFormat(fields: JsonObjectInput | undefined, omitEmptyValues = false): LogFormatShape {
  const used = fields === undefined || Object.keys(fields).length === 0 ? defaultFields : fields;
  return {
    jsonFormat: struct(used),
    jsonFormatOptions: {},
    omitEmptyValues,
    formatters: formattersFor(Object.values(used)),
  };
}

/** The formatters that values need which Envoy does not know by itself. */
export function formattersFor(values: readonly (JsonInput | undefined)[]): readonly TypedExtensionShape[] {
  const asks = values.some((value) => typeof value === 'string' && value.includes('%REQ_WITHOUT_QUERY'));
  return asks ? [reqWithoutQuery] : [];
}

const reqWithoutQuery: TypedExtensionShape = {
  name: 'envoy.formatter.req_without_query',
  typedConfig: packAny(ReqWithoutQuery, {}),
};

/** Istio's text. */
export const defaultText =
  '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% ' +
  '%RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% ' +
  '"%UPSTREAM_TRANSPORT_FAILURE_REASON%" %BYTES_RECEIVED% %BYTES_SENT% %DURATION% ' +
  '%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" ' +
  '"%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" %UPSTREAM_CLUSTER_RAW% %UPSTREAM_LOCAL_ADDRESS% ' +
  '%DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% %ROUTE_NAME%\n';

/** Istio's JSON object. */
const defaultFields: JsonObjectInput = {
  start_time: '%START_TIME%',
  route_name: '%ROUTE_NAME%',
  method: '%REQ(:METHOD)%',
  path: '%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%',
  protocol: '%PROTOCOL%',
  response_code: '%RESPONSE_CODE%',
  response_flags: '%RESPONSE_FLAGS%',
  response_code_details: '%RESPONSE_CODE_DETAILS%',
  connection_termination_details: '%CONNECTION_TERMINATION_DETAILS%',
  bytes_received: '%BYTES_RECEIVED%',
  bytes_sent: '%BYTES_SENT%',
  duration: '%DURATION%',
  upstream_service_time: '%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%',
  x_forwarded_for: '%REQ(X-FORWARDED-FOR)%',
  user_agent: '%REQ(USER-AGENT)%',
  request_id: '%REQ(X-REQUEST-ID)%',
  authority: '%REQ(:AUTHORITY)%',
  upstream_host: '%UPSTREAM_HOST%',
  upstream_cluster: '%UPSTREAM_CLUSTER_RAW%',
  upstream_local_address: '%UPSTREAM_LOCAL_ADDRESS%',
  downstream_local_address: '%DOWNSTREAM_LOCAL_ADDRESS%',
  downstream_remote_address: '%DOWNSTREAM_REMOTE_ADDRESS%',
  requested_server_name: '%REQUESTED_SERVER_NAME%',
  upstream_transport_failure_reason: '%UPSTREAM_TRANSPORT_FAILURE_REASON%',
};
