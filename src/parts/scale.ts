/** Spreading the gate over several machines: the plan. Shards and their merge are in `gate`. */
export { planCommand } from '../commands/scale.ts';
