// What specs open, they close: every piece of the support registers here, and the root hooks see to it that nothing stays.

type Close = () => Promise<unknown>

const opened = new Map<Close, string>()

/** Registers something that must be closed; returns the function that closes it, once. */
export function opens(name: string, close: () => unknown): Close {
  const closeOnce = async () => {
    if (!opened.delete(closeOnce)) return
    await close()
  }
  opened.set(closeOnce, name)
  return closeOnce
}

/** Closes what is open, the newest first. */
export async function closeAll(): Promise<void> {
  for (const close of [...opened.keys()].reverse()) await close()
}

export function stillOpen(): string[] {
  return [...opened.values()]
}

export const mochaHooks = {
  async afterAll() {
    const left = stillOpen()
    await closeAll()
    if (left.length > 0) throw new Error(`specs left open: ${left.join(', ')}`)
  },
}
