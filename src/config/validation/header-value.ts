/** The values that a route gives to headers: text with Envoy's `%VARIABLE%` expressions (Istio reference 10.5). */
import { quote } from './finding.js';

/**
 * Where in a value the reader is: in text, in a variable's name, or in its arguments, which are free text up to
 * `)` or an array of quoted texts.
 */
type State = 'text' | 'name' | 'arguments' | 'quote' | 'argument' | 'separator' | 'argumentsEnd' | 'end';

/**
 * What keeps a value from being one that Envoy takes: no control characters; a `%` is doubled or begins an
 * expression `%NAME%` or `%NAME(arguments)%`. Which names there are is not checked.
 */
export function headerValueProblem(value: string): string | undefined {
  if (value.split('').some(isControlCharacter)) return `header value ${quote(value)} has control characters`;
  let state: State = 'text';
  for (let index = 0; index < value.length; index++) {
    const character = value.charAt(index);
    const last = index + 1 === value.length;
    if (state === 'text' && character === '%') {
      if (last) return `header value ${quote(value)} ends in a single "%"; write "%%" for a percent sign`;
      if (value.charAt(index + 1) === '%') index++;
      else state = 'name';
    } else if (state === 'argument' && character === '\\') {
      if (last) return `header value ${quote(value)} ends in a backslash inside of an expression`;
      index++;
    } else {
      const next = nextState(state, character);
      if (next === undefined) {
        return `header value ${quote(value)} has an unexpected ${quote(character)} at ${index}: an expression is %NAME% or %NAME(arguments)%`;
      }
      state = next;
    }
  }
  return state === 'text'
    ? undefined
    : `header value ${quote(value)} has an expression without an end; write "%%" for a percent sign`;
}

/** ASCII control characters other than a tab. */
function isControlCharacter(character: string): boolean {
  const code = character.charCodeAt(0);
  return (code < 0x20 && character !== '\t') || code === 0x7f;
}

function nextState(state: State, character: string): State | undefined {
  switch (state) {
    case 'text':
      return 'text';
    case 'name':
      return character === '%' ? 'text' : character === '(' ? 'arguments' : 'name';
    case 'arguments':
      return character === '[' ? 'quote' : character === ' ' ? state : 'argument';
    case 'quote':
      return character === '"' ? 'argument' : spaceOnly(state, character);
    case 'argument':
      return character === ')' ? 'end' : character === '"' ? 'separator' : 'argument';
    case 'separator':
      return character === ',' ? 'quote' : character === ']' ? 'argumentsEnd' : spaceOnly(state, character);
    case 'argumentsEnd':
      return character === ')' ? 'end' : spaceOnly(state, character);
    case 'end':
      return character === '%' ? 'text' : spaceOnly(state, character);
  }
}

function spaceOnly(state: State, character: string): State | undefined {
  return character === ' ' ? state : undefined;
}
