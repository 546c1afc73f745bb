import { describeTopics } from './describe-table.ts';

describeTopics(['builds', 'symbols', 'units', 'variables', 'imports'], 'abidiff');
