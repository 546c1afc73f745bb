/** Of the system: passwords, keys, memory of others. */
const OF_SYSTEM =
  /^\/etc\/(?:g?shadow-?|sudoers(?:\.d\/.*)?|security\/opasswd|krb5\.keytab|ssh\/ssh_host_[^/]*_key|ssl\/private\/.*|kubernetes\/.*\.conf)$|^(?:\/var)?\/run\/secrets\/|^\/(?:dev\/(?:mem|kmem|port)|proc\/kcore)$/;

/** Of a user, wherever the home directory is. */
const OF_USER =
  /\/(?:\.ssh\/(?:id_[^/]*|authorized_keys|config)|\.gnupg\/.*|\.aws\/(?:credentials|config)|\.azure\/.*|\.config\/gcloud\/.*|\.config\/gh\/hosts\.yml|\.kube\/config|\.docker\/config\.json|\.netrc|\.git-credentials|\.npmrc|\.pypirc|\.pgpass|\.password-store\/.*|\.(?:bash|zsh|python|psql|mysql)_history)$/;

const PUBLIC_KEY = /\.pub$/;

/** Whether a file of this path holds secrets of the machine or of a user. A list of the known ones: what is not on it can be one too. */
export function isSecret(path: string): boolean {
  return OF_SYSTEM.test(path) || (OF_USER.test(path) && !PUBLIC_KEY.test(path) && !path.startsWith('$TMPDIR'));
}
