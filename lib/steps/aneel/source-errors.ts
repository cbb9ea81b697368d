import type { PipelineError } from '../../errors.ts'
import type { TierName } from '../../runs/fallback.ts'

/** The portal, or the way to it, does not work: whatever it has cannot be had. */
const unreachable =
  /^(NET_(UNREACHABLE|CUT|TIMEOUT|LENGTH|RANGE|ENCODING|CERTIFICATE|REDIRECTS)|(ADDRESS|REDIRECT)_REFUSED|HTTP_(401|403|407|408|425|429|5\d\d)|HOST_OPEN|HTTP_NOT_JSON|PORTAL_ANSWER|PORTAL_SILENT|HTML_INSTEAD_OF_DATA|RETRY_DEADLINE)$/

/** The portal answers, but the file is not there, is no file of this kind, or would replace good data with suspicious data. */
const badFile =
  /^(HTTP_(304|404|410)|NET_TOO_LARGE|NET_INFLATES|FILE_\w+|ZIP_CONTENT|NOT_DATA|NOT_UTF8|ENCODING_UNSUPPORTED|ROW_TOO_LONG|TOO_MANY_COLUMNS|HEADER_\w+|GATE_\w+)$/

/** What a mirror may lack without the question being wrong: only the primary says what there is. */
const notHere = /^(UNKNOWN_DATASET|RESOURCE_MISSING|AMBIGUOUS_RESOURCE|BACKUP_OLDER|HTTP_\d\d\d|URL_INVALID|NO_COPY)$/

/** Whether an error means that its portal cannot be reached, rather than that one file is wrong. */
export function isUnreachable(code: string): boolean {
  return unreachable.test(code)
}

/**
 * Whether an error speaks of the source, so that another one may do better. Settings, our own stores, and being called off never
 * do.
 */
export function isSourceError({ code }: PipelineError, tier: TierName): boolean {
  return unreachable.test(code) || badFile.test(code) || (tier !== 'primary' && notHere.test(code))
}
