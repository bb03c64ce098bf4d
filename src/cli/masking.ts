import { isIPv4, isIPv6 } from 'node:net';

/** Addresses that tell nothing about anybody. */
const KEPT_IPV4 = /^(0\.|10\.|127\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.|192\.168\.|22[4-9]\.|23\d\.|25[0-5]\.)/;
const KEPT_IPV6 = /^(::1?$|f[ef]|2001:0?:?$|2001::$)/i;

/**
 * Text in which addresses of others are names: the same address is the same name throughout, and no name leads back.
 *
 * Shape:  private, link-local, loopback and multicast addresses stay, and prefix lengths do; a Teredo address, which holds
 *         a mapped address, does not.
 */
export class Masking {
  readonly #names = new Map<string, string>(); // Bounded by the text.

  mask(text: string): string {
    return text
      .replace(/\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b/gi, (mac) => this.#name('mac', mac))
      .replace(/(?<![\w.:])(?:[0-9a-f]{0,4}:){2,7}(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{1,4})?(?![\w:])/gi, (found) =>
        this.#ipv6(found),
      )
      .replace(/(?<![\w.-])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\d)/g, (found) => this.#ipv4(found));
  }

  #ipv4(found: string): string {
    return !isIPv4(found) || KEPT_IPV4.test(found) ? found : this.#name('ipv4', found);
  }

  #ipv6(found: string): string {
    return !isIPv6(found) || KEPT_IPV6.test(found) ? found : this.#name('ipv6', found);
  }

  #name(kind: string, value: string): string {
    const key = value.toLowerCase();
    let name = this.#names.get(key);
    if (name === undefined) {
      const number = [...this.#names.values()].filter((other) => other.startsWith(kind)).length + 1;
      name = `${kind}-${number}`;
      this.#names.set(key, name);
    }
    return name;
  }
}
