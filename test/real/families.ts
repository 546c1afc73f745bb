/** Plugins of one kind of host, as Debian packages them. */
export interface Family {
  readonly name: string;
  /** Packages that hold plugins. */
  readonly packages: readonly string[];
  /** Packages with libraries that they need, besides the C and C++ run time. */
  readonly libraries: readonly string[];
  /** Directories with plugins, below the root; `<triplet>` stands for the multiarch triplet. */
  readonly directories: readonly string[];
  /** What a host of this kind looks up. */
  readonly symbols: readonly string[];
  /** Plugins take functions and variables of their host: these are made up for them. */
  readonly needsHost: boolean;
}

/** What GLib and GStreamer need themselves. */
const GLIB = ['libglib2.0-0', 'libpcre2-8-0', 'libffi8', 'zlib1g', 'libmount1', 'libblkid1', 'libselinux1'];

export const FAMILIES = [
  {
    name: 'ladspa',
    packages: ['swh-plugins', 'cmt', 'ladspa-sdk'],
    libraries: ['libfftw3-single3', 'libgsm1', 'libgomp1'],
    directories: ['usr/lib/ladspa', 'usr/lib/<triplet>/ladspa'],
    symbols: ['ladspa_descriptor'],
    needsHost: false,
  },
  {
    name: 'pam',
    packages: ['libpam-modules', 'libpam-google-authenticator'],
    libraries: ['libpam0g', 'libaudit1', 'libcap-ng0', 'libselinux1', 'libpcre2-8-0', 'libcrypt1', 'libdb5.3'],
    directories: ['lib/<triplet>/security', 'usr/lib/<triplet>/security'],
    symbols: [],
    needsHost: false,
  },
  {
    name: 'gstreamer',
    packages: ['gstreamer1.0-plugins-base', 'gstreamer1.0-plugins-good'],
    libraries: [
      'libgstreamer1.0-0',
      'libgstreamer-plugins-base1.0-0',
      'libunwind8',
      'liblzma5',
      'libdw1',
      'libelf1',
      'libcap2',
      'libbz2-1.0',
      'liborc-0.4-0',
      ...GLIB,
    ],
    directories: ['usr/lib/<triplet>/gstreamer-1.0'],
    symbols: [],
    needsHost: false,
  },
  {
    name: 'collectd',
    packages: ['collectd-core'],
    libraries: ['libyajl2', 'libmnl0', 'libcap2'],
    directories: ['usr/lib/collectd'],
    symbols: ['module_register'],
    needsHost: true,
  },
  {
    name: 'nginx',
    packages: [
      'libnginx-mod-http-brotli-filter',
      'libnginx-mod-http-cache-purge',
      'libnginx-mod-http-echo',
      'libnginx-mod-http-fancyindex',
      'libnginx-mod-http-headers-more-filter',
      'libnginx-mod-http-ndk',
      'libnginx-mod-http-subs-filter',
      'libnginx-mod-http-uploadprogress',
      'libnginx-mod-mail',
      'libnginx-mod-nchan',
      'libnginx-mod-stream',
    ],
    libraries: ['libbrotli1'],
    directories: ['usr/lib/nginx/modules'],
    symbols: ['ngx_modules', 'ngx_module_names'],
    needsHost: true,
  },
] as const satisfies readonly Family[];
