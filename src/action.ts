import { getInput, setOutput, setSecret } from '@actions/core';
import { gateInCheckout, planInCheckout } from './action/gate.ts';
import { runAction } from './action/run.ts';
import { toolVersion } from './installation.ts';

/** Entry of the Action: ties the runner to runAction. The only reader of Action inputs. */

/** The token must not reach a program that is started with our own environment. */
function forgetInputs(): void {
  for (const name of Object.keys(process.env)) {
    if (name.startsWith('INPUT_')) delete process.env[name];
  }
}

async function main(): Promise<void> {
  process.exitCode = await runAction({
    env: { ...process.env },
    version: toolVersion(),
    write: (text) => void process.stdout.write(text),
    getInput,
    setSecret,
    setOutput,
    gate: async (request) => {
      forgetInputs();
      return await gateInCheckout(request);
    },
    plan: planInCheckout,
    post: async (request) => (await import('./parts/github.ts')).postReport(request),
  });
}

void main();
