import { describeFamily } from './describe-family.ts';

describeFamily('collectd', 80);
