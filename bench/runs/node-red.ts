export async function resumed(_url: string): Promise<{ readyMs: number; resumedMs: number }> { return { readyMs: 0, resumedMs: 0 } }
export async function takenOver(_url: string, _ms: number): Promise<number> { return 0 }
