/** Documents as YAML that means the same to every reader of YAML, whichever version of the language it knows. */
import { Document, Scalar, visit } from 'yaml';

/** Words that are no text to some readers. */
const words = /^(?:y|n|yes|no|on|off|true|false|null|inf|nan)$/i;

/** The text of a file that holds the documents, one after the other. */
export function yamlText(documents: readonly unknown[]): string {
  return documents.map(documentText).join('---\n');
}

function documentText(value: unknown): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (_key, node) => {
      if (typeof node.value === 'string' && !isPlain(node.value)) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return document.toString({ lineWidth: 0 });
}

/** Whether a text can stand without quotes as far as its meaning goes; whether its form allows it is known elsewhere. */
function isPlain(text: string): boolean {
  return /^[A-Za-z]/.test(text) && !words.test(text);
}
