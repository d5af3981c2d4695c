/** The core of the measured proxies, which they have to themselves. */
export const PROXY_CORE = 0;

/** The core of everything else: load, application, and the bench itself. */
export const OTHER_CORE = 1;
