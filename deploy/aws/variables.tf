variable "project" {
  description = "First half of all names; lower case, for buckets are called so too."
  type        = string
  default     = "ysh"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,15}$", var.project))
    error_message = "Lower case letters, digits and hyphens, at most 16."
  }
}

variable "stage" {
  description = "Second half of all names: prod, test, …"
  type        = string
  default     = "prod"

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,9}$", var.stage))
    error_message = "Lower case letters and digits, at most 10."
  }
}

variable "region" {
  description = "Where everything stands. sa-east-1 is near the sources and costs about half as much again as us-east-1."
  type        = string
  default     = "us-east-1"
}

variable "tags" {
  description = "More tags on everything."
  type        = map(string)
  default     = {}
}

# From pipeline.auto.tfvars.json, which the compiler writes.

variable "generated" {
  description = "Folder of what the compiler wrote."
  type        = string
  default     = "generated"
}

variable "flows" {
  description = "The compiled flows."
  type = map(object({
    sha256 = string
    plan   = string
  }))
}

variable "pipelines" {
  description = "One state machine each."
  type = map(object({
    flow           = string
    id             = string
    trigger        = string
    definition     = string
    schedule       = optional(string)
    rule           = optional(string)
    rule_variables = optional(list(string), [])
    distributed    = optional(bool, false)
    silent_hours   = optional(number)
  }))
}

variable "step_function" {
  description = "Memory and time of the function that does the steps."
  type = object({
    memory_mb       = number
    timeout_seconds = number
    types           = list(string)
  })
}

variable "environment" {
  description = "Variables that the flows use, with the flows' own defaults."
  type        = map(string)
}

# Yours, in terraform.tfvars.

variable "settings" {
  description = "Variables that are set otherwise than the flows say, such as YSH_CONTACT. Secrets have no place here: they go into secret_parameters."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name, value in var.settings : !can(regex("(PASSWORD|SECRET|TOKEN|_KEY)$|://[^/@]*:[^/@]*@", "${name} ${value}"))])
    error_message = "A setting looks like a secret. Name it in secret_parameters, and let deploy.sh put its value."
  }
}

variable "secret_parameters" {
  description = "Variables whose values are secrets; they lie as SSM parameters, put there by deploy.sh."
  type        = set(string)
  default     = ["YSH_POSTGRES_URL"]
}

variable "managed_secrets" {
  description = "Variables whose values are secrets in Secrets Manager (US$ 0.40 each a month), because they are to rotate."
  type        = set(string)
  default     = []
}

variable "bundle" {
  description = "Zip file of the steps, made by `npm run bundle:lambda`."
  type        = string
  default     = "../../dist-lambda/steps.zip"
}

variable "api_bundle" {
  description = "Zip file of the data API, where it is another one."
  type        = string
  default     = null
}

variable "handlers" {
  description = "Exported functions of the bundles."
  type = object({
    step      = string
    deliver   = optional(string, "index.deliver")
    rest      = string
    websocket = string
  })
  default = {
    step      = "index.step"
    rest      = "index.rest"
    websocket = "index.websocket"
  }
}

variable "reserved_concurrency" {
  description = "Most calls of steps at once; -1: what the account admits. It also bounds the connections to the database. A new account admits 10 in all, and none of them can be reserved."
  type        = number
  default     = -1
}

variable "deliver" {
  description = "Whether a function sends alerts and notices each minute, and starts what waits for them. Not wanted where a Node-RED on the same stores does it always."
  type        = bool
  default     = true
}

variable "schedules_enabled" {
  description = "Whether the schedules start runs."
  type        = bool
  default     = true
}

variable "log_days" {
  description = "How long logs are kept."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365], var.log_days)
    error_message = "One of the numbers that CloudWatch knows: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365."
  }
}

variable "customer_key" {
  description = "Whether everything is encrypted with a key of the account (US$ 1 a month and 0.03 per 10,000 uses) instead of AWS's keys."
  type        = bool
  default     = false
}

variable "metadata_table" {
  description = "Whether there is a DynamoDB table for metadata (free within 25 reads and writes a second)."
  type        = bool
  default     = true
}

variable "glacier_instant_days" {
  description = "After so many days archived files go to Glacier Instant Retrieval."
  type        = number
  default     = 30
}

variable "deep_archive_days" {
  description = "After so many days they go to Glacier Deep Archive; 0: never."
  type        = number
  default     = 365
}

variable "force_destroy" {
  description = "Whether destroying takes the data with it: buckets, table, users, disk. See destroy.sh."
  type        = bool
  default     = false
}

variable "cidr" {
  description = "Addresses of the VPC."
  type        = string
  default     = "10.42.0.0/16"
}

variable "nat" {
  description = "A NAT gateway (about US$ 33 a month). The functions in the VPC need it to reach the sources; Node-RED stands in a private subnet with it."
  type        = bool
  default     = false
}

variable "functions_in_vpc" {
  description = "Whether the functions run in the private subnets, as a database there needs; wants nat, for the sources are outside."
  type        = bool
  default     = false
}

variable "endpoints" {
  description = "AWS services reached inside of the VPC (US$ 7.30 a month each); for Node-RED without a way out: ssm, ssmmessages, ec2messages, logs, sns, monitoring."
  type        = set(string)
  default     = []
}

variable "flow_log_days" {
  description = "How long refused connections are kept in a log; 0: none is written."
  type        = number
  default     = 0
}

variable "api" {
  description = "Whether the data API is served by API Gateway."
  type        = bool
  default     = true
}

variable "websocket" {
  description = "Whether its events are."
  type        = bool
  default     = false
}

variable "authorizer" {
  description = "cognito: tokens of a user pool; none: the data API's own keys decide alone."
  type        = string
  default     = "cognito"
}

variable "callback_urls" {
  description = "Where Cognito's login page sends a person with the code for a token; empty: only programs get tokens."
  type        = list(string)
  default     = ["http://localhost:8400/"]
}

variable "programs" {
  description = "Programs that get tokens of Cognito, and what each may: { billing = [\"datasets\"] }. Their secrets stand in the state."
  type        = map(set(string))
  default     = {}
}

variable "throttle" {
  description = "Requests a second over all callers, and how many may come at once."
  type = object({
    rate  = number
    burst = number
  })
  default = {
    rate  = 20
    burst = 40
  }
}

variable "waf" {
  description = "A web application firewall (about US$ 7 a month)."
  type        = bool
  default     = false
}

variable "account_log_role" {
  description = "Whether API Gateway's role for logs is made; there is one for the account and region."
  type        = bool
  default     = true
}

variable "nodered" {
  description = "Whether a machine runs Node-RED."
  type        = bool
  default     = false
}

variable "instance_type" {
  description = "Of that machine."
  type        = string
  default     = "t4g.small"
}

variable "volume_gb" {
  description = "Its encrypted disk."
  type        = number
  default     = 20
}

variable "image" {
  description = "Container image of the pipeline."
  type        = string
  default     = "ysh/node-red-data-pipeline:latest"
}

variable "user_data_file" {
  description = "Other user data for the machine's first start, taken as they are, instead of deploy/ec2/user-data.yaml."
  type        = string
  default     = null
}

variable "alarms_file" {
  description = "Other alarms than deploy/cloudwatch/alarms.json."
  type        = string
  default     = null
}

variable "emails" {
  description = "Who is told of alarms and of the bill."
  type        = list(string)
  default     = []
}

variable "budget_dollars" {
  description = "US dollars a month; told at 80 %, and when the forecast is above, to the addresses in emails. 0: no budget."
  type        = number
  default     = 10
}

variable "anomaly_dollars" {
  description = "Told when a day costs so much more than expected; wants an address in emails. 0: never."
  type        = number
  default     = 10
}
