/** Commands around the configuration: they need YAML and the schema. */
export { acceptCommand } from '../commands/accept.ts';
export { initCommand } from '../commands/init.ts';
