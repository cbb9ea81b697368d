module "board" {
  source          = "../board"
  region          = local.region
  namespace       = var.namespace
  state_machines  = var.state_machines
  function_name   = var.function_name
  dead_queue_name = var.dead_queue_name
  api_name        = var.api_name
}

resource "aws_cloudwatch_dashboard" "pipeline" {
  dashboard_name = var.name
  dashboard_body = module.board.body
}
