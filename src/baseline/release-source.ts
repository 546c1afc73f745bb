/** A release as a forge lists it. Texts are raw: whoever publishes chooses them. */
export interface ListedRelease {
  readonly tag: string;
  readonly draft: boolean;
  readonly prerelease: boolean;
  /** ISO 8601; absent for a draft. */
  readonly publishedAt?: string;
  readonly assets: readonly ListedAsset[];
}

export interface ListedAsset {
  readonly id: number;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** `sha256:<64 hex digits>`, where the forge keeps it. */
  readonly digest?: string;
}

/** Releases of one repository. All methods throw EnvironmentError when there is no answer that can be used. */
export interface ReleaseSource {
  /** `owner/name` */
  readonly repository: string;
  /** All published releases and those drafts that the token may see, newest first. */
  readonly list: () => Promise<readonly ListedRelease[]>;
  /** The one that the forge calls the latest; undefined when there is none. */
  readonly latestTag: () => Promise<string | undefined>;
  /** @param limit bytes; more is an error */
  readonly download: (asset: ListedAsset, limit: number) => Promise<Uint8Array>;
}

/** Gives the releases of a repository `owner/name`, or of the one that the gate runs for. */
export type OpenReleases = (repository: string | undefined) => ReleaseSource;
