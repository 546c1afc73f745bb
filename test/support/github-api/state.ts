/** What the loopback GitHub remembers. Tests set it up and read it back. */

export type Access = 'none' | 'read' | 'write';

export interface Token {
  readonly login: string;
  readonly type: 'Bot' | 'User';
  readonly permissions: Readonly<
    Partial<Record<'issues' | 'pull-requests' | 'checks' | 'contents' | 'security-events' | 'statuses', Access>>
  >;
  /** GraphQL refuses this token, as an odd proxy might. */
  readonly noGraphql?: boolean;
}

export interface StoredComment {
  readonly id: number;
  readonly issue: number;
  readonly login: string;
  readonly type: 'Bot' | 'User';
  body: string;
  edits: number;
}

export interface StoredAnnotation {
  readonly path: string;
  readonly start_line: number;
  readonly end_line: number;
  readonly start_column?: number;
  readonly end_column?: number;
  readonly annotation_level: string;
  readonly title?: string;
  readonly message: string;
}

export interface StoredCheckRun {
  readonly id: number;
  readonly name: string;
  readonly headSha: string;
  readonly externalId: string;
  status: string;
  conclusion: string | null;
  title: string;
  summary: string;
  readonly annotations: StoredAnnotation[];
}

export interface StoredPull {
  readonly number: number;
  readonly state: 'open' | 'closed';
  /** `owner/name`; null when that repository is gone. */
  readonly headRepository: string | null;
  readonly headRef: string;
  readonly headSha: string;
}

export interface StoredAsset {
  readonly id: number;
  readonly name: string;
  readonly bytes: Uint8Array;
  /** What GitHub says the digest is; that of the bytes unless given, absent when undefined. */
  readonly digest?: string | null;
  /** `uploaded`, or `starter` for an upload that broke off. */
  readonly state?: string;
}

export interface StoredRelease {
  readonly id: number;
  readonly tag: string;
  readonly draft?: boolean;
  readonly prerelease?: boolean;
  readonly publishedAt?: string;
  readonly assets: StoredAsset[];
}

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly operation: string;
  readonly userAgent: string;
  readonly body: unknown;
  status: number;
}

export interface GitHubState {
  readonly owner: string;
  readonly repo: string;
  readonly tokens: Map<string, Token>;
  /** Commits that exist. */
  readonly commits: Set<string>;
  /** Pull requests and issues that exist. */
  readonly issues: Set<number>;
  readonly lockedIssues: Set<number>;
  /** Files of a commit, by its id and their path. */
  readonly files: Map<string, Readonly<Record<string, Uint8Array>>>;
  readonly pulls: StoredPull[];
  readonly comments: StoredComment[];
  readonly checkRuns: StoredCheckRun[];
  readonly statuses: {
    readonly sha: string;
    readonly state: string;
    readonly context: string;
    readonly text: string;
  }[];
  /** SARIF files as they were uploaded, unpacked. */
  readonly sarifs: { readonly sha: string; readonly ref: string; readonly text: string }[];
  /** Newest first. */
  readonly releases: StoredRelease[];
  /** Where assets are answered from, as GitHub sends them from another host; from here unless given. */
  assetHost?: string;
  readonly received: Received[];
  /** Requests that GitHub's description refuses; a test expects none. */
  readonly complaints: string[];
  nextId: number;
}

export const ACTIONS_TOKEN: Token = {
  login: 'github-actions[bot]',
  type: 'Bot',
  permissions: { contents: 'read', issues: 'none', 'pull-requests': 'write', checks: 'write' },
};

export function newState(): GitHubState {
  return {
    owner: 'octo',
    repo: 'plugins',
    tokens: new Map(),
    commits: new Set(),
    issues: new Set(),
    lockedIssues: new Set(),
    files: new Map(),
    pulls: [],
    comments: [],
    checkRuns: [],
    statuses: [],
    sarifs: [],
    releases: [],
    received: [],
    complaints: [],
    nextId: 1000,
  };
}
