import { type Infer, parser, Type } from '../../schema.ts'
import { checkContract, contractFields } from '../dataset/contract.ts'

/** Said with everything that goes out: the portal's licence asks for it. */
export const ATTRIBUTION = 'Fonte: ANEEL, Dados Abertos (dadosabertos.aneel.gov.br), licença ODbL'

/** The schema of a contract file of ANEEL's portal, `lib/steps/aneel/datasets/<dataset>.json`. */
export const AneelContractSchema = Type.Object(
  {
    ...contractFields,
    attribution: Type.String({ ...contractFields.attribution, default: ATTRIBUTION }),
    slug: Type.String({ description: 'CKAN package name on the portal' }),
    resource: Type.Object(
      {
        id: Type.Optional(Type.String({ description: 'Resource id; tried first' })),
        parquetId: Type.Optional(Type.String({ description: 'Resource id of the Parquet twin' })),
        file: Type.String({
          description:
            "Regular expression on the last segment of the resource's URL, without its extension. A group (?<part>…) makes one part of each match",
        }),
        name: Type.Optional(Type.String({ description: "Regular expression on the resource's name, the last resort" })),
        parts: Type.Enum(['latest', 'latest-two', 'all'], {
          default: 'latest',
          description: 'For a dataset in parts (a file a year): which to load when nothing is said',
        }),
        pinned: Type.Optional(
          Type.String({
            description: 'Path of the download, for when package_show does not answer: /dataset/…/download/…',
          }),
        ),
      },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
)

/** The contract of a dataset of ANEEL's portal. */
export type AneelContract = Infer<typeof AneelContractSchema>

const contracts = parser(AneelContractSchema, 'The dataset contract', 'CONTRACT_INVALID')

/** Parses a contract of ANEEL's portal. Throws CONTRACT_INVALID. */
export function parseAneelContract(value: unknown): AneelContract {
  return checkContract(contracts.parse(value))
}
