import { openOllama } from '../../models/ollama.ts'
import { enrichStep } from './enrich.ts'

/** The step over models of Ollama servers. */
export const ollamaEnrich = enrichStep(openOllama)
