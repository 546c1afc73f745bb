/** Paints text for a terminal; with colour off every function returns its argument. */
export interface Style {
  readonly colour: boolean;
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly underline: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly blue: (text: string) => string;
  readonly magenta: (text: string) => string;
  readonly cyan: (text: string) => string;
}

type Paint = (text: string) => string;

/** Each colour is closed by its own code, so that styles nest (bold inside red). */
function sgr(open: number, close: number): Paint {
  return (text) => (text === '' ? '' : `\x1b[${open}m${text}\x1b[${close}m`);
}

const asIs: Paint = (text) => text;

export const PLAIN: Style = {
  colour: false,
  bold: asIs,
  dim: asIs,
  underline: asIs,
  red: asIs,
  green: asIs,
  yellow: asIs,
  blue: asIs,
  magenta: asIs,
  cyan: asIs,
};

export const COLOURED: Style = {
  colour: true,
  bold: sgr(1, 22),
  dim: sgr(2, 22),
  underline: sgr(4, 24),
  red: sgr(31, 39),
  green: sgr(32, 39),
  yellow: sgr(33, 39),
  blue: sgr(34, 39),
  magenta: sgr(35, 39),
  cyan: sgr(36, 39),
};

/** @param colour whether escape sequences may be written (Terminal.colour) */
export function styleFor(colour: boolean): Style {
  return colour ? COLOURED : PLAIN;
}
