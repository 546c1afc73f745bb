import type { SectionProblem } from '../../dwarf/sections.ts';
import type { MissingEvidence } from '../model.ts';

/** A section that could not be read, as evidence that is missing. */
export function sectionProblem({ code, section, message }: SectionProblem, path?: string): MissingEvidence {
  return {
    code,
    message: `Section ${section}${path === undefined ? '' : ` of ${path}`} ${message}.`,
    fix: 'Build the file again with an ordinary -g.',
  };
}
