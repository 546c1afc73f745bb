import { describeFamily } from './describe-family.ts';

describeFamily('gstreamer', 60);
