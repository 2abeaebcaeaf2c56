import { readConfig, readSession, signInWith } from "../api/calls";
import { type Api, type Caller, createApi } from "../api/client";
import { ApiError } from "../api/problem";
import type { PageConfig, Role, Session } from "../api/types";
import { tokenOf } from "./ahead";

/** The page of each role; a link opened on another role's page leads to its own. */
const PAGE_OF: Record<Role, string> = {
  staff: "/dashboard/",
  crew: "/capture/",
  customer: "/track/",
};

/** What a signed-in page works with. */
export interface Started {
  config: PageConfig;
  session: Session;
  api: Api;
}

export type StartResult =
  | { kind: "ready"; started: Started }
  | { kind: "expired" | "signedOut" | "failed"; config: PageConfig | null; error: unknown }
  | { kind: "leaving" };

export interface StartOptions {
  role: Role;
  /**
   * True keeps the link's token in the address, so that a bookmark or a reload always works; false removes it once
   * it is exchanged, so that it lies in no history of a shared office machine.
   */
  keepToken: boolean;
}

/**
 * Loads the page's configuration, then exchanges the link's token, that of the address where none is given, or finds
 * the session that is already there.
 */
export async function signIn(
  options: StartOptions,
  token: string | null = tokenOf(location.hash),
): Promise<StartResult> {
  let config: PageConfig | null = null;
  try {
    const caller = createCaller(options);
    const api = createApi(caller);
    config = await readConfig(api);
    caller.applicationKey = config.application_key;
    const session = token === null ? await readSession(api) : await signInWith(api, token);
    if (token !== null && session.role !== options.role) {
      location.replace(`${PAGE_OF[session.role]}#t=${encodeURIComponent(token)}`);
      return { kind: "leaving" };
    }
    caller.became(
      session.role,
      options.keepToken && token !== null ? () => signInWith(api, token) : null,
    );
    if (!options.keepToken && token !== null) dropFragment();
    return { kind: "ready", started: { config, session, api } };
  } catch (error) {
    const lost = error instanceof ApiError && error.kind === "signedOut";
    const kind = lost ? (token === null ? "signedOut" : "expired") : "failed";
    return { kind, config, error };
  }
}

function dropFragment(): void {
  history.replaceState(history.state, "", location.pathname + location.search);
}

/** The caller before and after it is known who calls. */
function createCaller(options: StartOptions) {
  let role: Role = options.role;
  let signInAgain: (() => Promise<Session>) | null = null;
  let renewing: Promise<boolean> | null = null;
  const caller: Caller & { became(role: Role, again: (() => Promise<Session>) | null): void } = {
    applicationKey: "",
    role: () => role,
    became(next, again) {
      role = next;
      signInAgain = again;
    },
    renew() {
      if (signInAgain === null) return Promise.resolve(false);
      // Calls that fail together renew once together.
      renewing ??= signInAgain()
        .then(
          () => true,
          () => false,
        )
        .finally(() => {
          renewing = null;
        });
      return renewing;
    },
  };
  return caller;
}
