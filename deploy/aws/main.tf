provider "aws" {
  region = var.region

  default_tags {
    tags = local.tags
  }
}

data "aws_caller_identity" "current" {}

locals {
  name = "${var.project}-${var.stage}"
  tags = merge({ project = var.project, stage = var.stage, "managed-by" = "terraform" }, var.tags)
  key  = var.customer_key ? module.key[0].arn : null

  # What a flow leaves to the environment: its own default, then what is set here, then where secrets lie.
  environment = merge(var.environment, var.settings, module.secrets.references, {
    YSH_SNS_TOPIC       = aws_sns_topic.notices.arn
    YSH_ADMIN_SNS_TOPIC = aws_sns_topic.alarms.arn
    YSH_STAGE           = var.stage
    YSH_PIPELINE        = local.name
  })

  in_vpc  = var.functions_in_vpc
  subnets = local.in_vpc ? module.network.private_subnet_ids : []
  groups  = local.in_vpc ? [module.network.work_security_group_id] : []
}

module "key" {
  count  = var.customer_key ? 1 : 0
  source = "./modules/key"
  name   = local.name
  tags   = local.tags
}

module "secrets" {
  source        = "./modules/secrets"
  name          = local.name
  parameters    = var.secret_parameters
  managed       = var.managed_secrets
  kms_key_arn   = local.key
  recovery_days = 7
  tags          = local.tags
}

# Only Node-RED may read these.
module "nodered_secrets" {
  count         = var.nodered ? 1 : 0
  source        = "./modules/secrets"
  name          = local.name
  parameters    = ["NODE_RED_ADMIN_PASSWORD", "NODE_RED_CREDENTIAL_SECRET"]
  managed       = []
  kms_key_arn   = local.key
  recovery_days = 7
  tags          = local.tags
}

module "network" {
  source        = "./modules/network"
  name          = local.name
  cidr          = var.cidr
  nat           = var.nat
  endpoints     = var.endpoints
  flow_log_days = var.flow_log_days
  kms_key_arn   = local.key
  tags          = local.tags
}

module "archive" {
  source               = "./modules/archive"
  name                 = local.name
  kms_key_arn          = local.key
  glacier_instant_days = var.glacier_instant_days
  deep_archive_days    = var.deep_archive_days
  old_version_days     = 90
  inbox_days           = 30
  results_days         = 7
  force_destroy        = var.force_destroy
  tags                 = local.tags
}

module "metadata" {
  count                  = var.metadata_table ? 1 : 0
  source                 = "./modules/metadata"
  name                   = "${local.name}-metadata"
  read_capacity          = 5
  write_capacity         = 5
  point_in_time_recovery = false
  kms_key_arn            = local.key
  deletion_protection    = !var.force_destroy
  tags                   = local.tags
}

module "pipeline" {
  source               = "./modules/pipeline"
  name                 = local.name
  generated            = var.generated
  flows                = var.flows
  pipelines            = var.pipelines
  step_function        = var.step_function
  bundle               = var.bundle
  handler              = var.handlers.step
  deliver              = var.deliver
  deliver_handler      = var.handlers.deliver
  events               = one(module.api[*].events)
  environment          = local.environment
  secret_policies      = module.secrets.policies
  buckets              = module.archive.buckets
  metadata_table_arn   = one(module.metadata[*].table_arn)
  subnet_ids           = local.subnets
  security_group_ids   = local.groups
  reserved_concurrency = var.reserved_concurrency
  schedules_enabled    = var.schedules_enabled
  log_days             = var.log_days
  log_level            = "ERROR"
  kms_key_arn          = local.key
  topic_arns           = [aws_sns_topic.notices.arn, aws_sns_topic.alarms.arn]
  tags                 = local.tags
}

module "api" {
  count               = var.api ? 1 : 0
  source              = "./modules/api"
  name                = local.name
  bundle              = coalesce(var.api_bundle, var.bundle)
  handlers            = { rest = var.handlers.rest, websocket = var.handlers.websocket }
  websocket           = var.websocket
  environment         = local.environment
  secret_policies     = module.secrets.policies
  memory_mb           = 1024
  subnet_ids          = local.subnets
  security_group_ids  = local.groups
  authorizer          = var.authorizer
  callback_urls       = var.callback_urls
  programs            = var.programs
  throttle            = var.throttle
  waf                 = var.waf
  waf_rate            = 1000
  account_log_role    = var.account_log_role
  log_days            = var.log_days
  kms_key_arn         = local.key
  deletion_protection = !var.force_destroy
  tags                = local.tags
}

module "nodered" {
  count                  = var.nodered ? 1 : 0
  source                 = "./modules/nodered-ec2"
  name                   = local.name
  instance_type          = var.instance_type
  subnet_id              = var.nat ? module.network.private_subnet_ids[0] : module.network.public_subnet_id
  public_ip              = !var.nat
  security_group_ids     = [module.network.work_security_group_id]
  volume_gb              = var.volume_gb
  image                  = var.image
  environment            = merge(local.environment, { YSH_CLOUDWATCH = "emf" })
  secret_parameters      = merge(module.secrets.parameters, module.nodered_secrets[0].parameters)
  secret_policies        = merge(module.secrets.policies, { for name, policy in module.nodered_secrets[0].policies : "own-${name}" => policy })
  buckets                = { inbox = module.archive.buckets.inbox, archive = module.archive.buckets.archive }
  topic_arns             = [aws_sns_topic.notices.arn, aws_sns_topic.alarms.arn]
  cloud_config           = file("${path.module}/../ec2/user-data.yaml")
  user_data              = var.user_data_file == null ? null : file(var.user_data_file)
  kms_key_arn            = local.key
  log_days               = var.log_days
  termination_protection = !var.force_destroy
  tags                   = local.tags
}

module "alarms" {
  source          = "./modules/alarms"
  name            = local.name
  alarms          = jsondecode(file(coalesce(var.alarms_file, "${path.module}/../cloudwatch/alarms.json"))).alarms
  pipeline        = local.name
  nodered         = var.nodered
  namespace       = "YSH/Pipeline"
  state_machines  = { for name, arn in module.pipeline.state_machine_arns : name => arn if contains(["schedule", "object"], var.pipelines[name].trigger) }
  silent_hours    = var.schedules_enabled ? { for name, one in var.pipelines : name => one.silent_hours if one.silent_hours != null } : {}
  function_name   = module.pipeline.function_name
  dead_queue_name = module.pipeline.dead_queue_name
  api_name        = one(module.api[*].name)
  topic_arn       = aws_sns_topic.alarms.arn
  budget_dollars  = var.budget_dollars
  anomaly_dollars = var.anomaly_dollars
  emails          = var.emails
  tags            = local.tags
}
