/** What tells findings and expectations in words: it needs the texts of the catalogue, and most runs have none to tell. */
export { renderFindings } from '../report/finding-text.ts';
export { explainVerify } from '../report/verify-explain.ts';
