/** The catalogue: a third of every small bundle, and most runs have no finding to tell. Loaded when a rule is looked up. */
export { catalogue } from '../rules/catalogue.ts';
