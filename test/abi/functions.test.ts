import { describeTopics } from './describe-table.ts';

describeTopics(['functions', 'callbacks'], 'abidiff');
