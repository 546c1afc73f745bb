/** Everything that needs Octokit, loaded only when something is posted to GitHub or fetched from there. */
export { githubClient } from '../github/client.ts';
export { commitFilesOnGitHub } from '../github/contents.ts';
export { postReport } from '../github/post.ts';
export { releasesOnGitHub } from '../github/releases.ts';
