/** What `inspect` tells of files that Go made. */
export { inspectGo } from '../report/inspect-go.ts';
