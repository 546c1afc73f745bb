/**
 * Variables of the runner with which a program could act for the job: the inputs (the token is one), the services of the
 * runner, and the files through which outputs, variables and paths of later steps are set.
 */
const OF_THE_JOB = /^(?:INPUT_.*|ACTIONS_.*|GITHUB_(?:ENV|OUTPUT|PATH|STATE|STEP_SUMMARY))$/i;

/** The environment that the gate and the programs that it starts may see. */
export function gateEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && !OF_THE_JOB.test(name)) result[name] = value;
  }
  return result;
}

/** What signs the verdict may see besides: how the job gets an identity token. No program that the gate starts gets it. */
export function signingEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: token } = env;
  return {
    ...gateEnvironment(env),
    ...(url === undefined ? {} : { ACTIONS_ID_TOKEN_REQUEST_URL: url }),
    ...(token === undefined ? {} : { ACTIONS_ID_TOKEN_REQUEST_TOKEN: token }),
  };
}
