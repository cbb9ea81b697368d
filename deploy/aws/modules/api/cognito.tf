# Who may ask, where Cognito says so. Tokens with our scopes come from the domain's endpoints only: what a login by the SDK gives has none of them.

locals {
  cognito = var.authorizer == "cognito"

  # lib/api/access/caller.ts: what a token may allow.
  allowed = {
    datasets  = "Rows, schemas, tariffs, flags, distributed generation"
    documents = "Documents and search"
    runs      = "Runs and their errors"
    events    = "Subscriptions"
  }

  # Ours, as they stand in tokens.
  scopes = local.cognito ? { for name in keys(local.allowed) : name => "${aws_cognito_resource_server.this[0].identifier}/${name}" } : {}

  clients = concat(aws_cognito_user_pool_client.persons[*].id, [for client in aws_cognito_user_pool_client.program : client.id])

  # The function looks at the same tokens once more. Scopes of your own (groups of the pool) are kept.
  access = local.cognito ? {
    YSH_API_JWKS_URL  = "https://${aws_cognito_user_pool.this[0].endpoint}/.well-known/jwks.json"
    YSH_API_ISSUER    = "https://${aws_cognito_user_pool.this[0].endpoint}"
    YSH_API_AUDIENCES = join(",", local.clients)
    YSH_API_SCOPE_MAP = join(",", compact(concat(
      [lookup(var.environment, "YSH_API_SCOPE_MAP", "")],
      [for name, scope in local.scopes : "${scope}=${name}"],
    )))
  } : {}

  sign_in = local.cognito ? "https://${aws_cognito_user_pool_domain.this[0].domain}.auth.${local.region}.amazoncognito.com" : null
}

resource "aws_cognito_user_pool" "this" {
  count               = local.cognito ? 1 : 0
  name                = var.name
  deletion_protection = var.deletion_protection ? "ACTIVE" : "INACTIVE"
  mfa_configuration   = "OPTIONAL"
  username_attributes = ["email"]
  tags                = var.tags

  admin_create_user_config {
    allow_admin_create_user_only = true
  }

  password_policy {
    minimum_length                   = 14
    require_lowercase                = true
    require_numbers                  = true
    require_symbols                  = false
    require_uppercase                = true
    temporary_password_validity_days = 3
  }

  software_token_mfa_configuration {
    enabled = true
  }

  account_recovery_setting {
    recovery_mechanism {
      name     = "verified_email"
      priority = 1
    }
  }
}

# The prefix is unique in the region, over all accounts.
resource "aws_cognito_user_pool_domain" "this" {
  count        = local.cognito ? 1 : 0
  domain       = "${var.name}-${local.account}"
  user_pool_id = aws_cognito_user_pool.this[0].id

  lifecycle {
    precondition {
      condition     = !can(regex("aws|amazon|cognito", var.name))
      error_message = "Cognito takes no domain with aws, amazon or cognito in it: choose another project."
    }
  }
}

resource "aws_cognito_resource_server" "this" {
  count        = local.cognito ? 1 : 0
  identifier   = var.name
  name         = "The data API"
  user_pool_id = aws_cognito_user_pool.this[0].id

  dynamic "scope" {
    for_each = local.allowed
    content {
      scope_name        = scope.key
      scope_description = scope.value
    }
  }
}

# Persons log in with a browser. A client without a secret: PKCE says whose the code is.
resource "aws_cognito_user_pool_client" "persons" {
  count                                = local.cognito && length(var.callback_urls) > 0 ? 1 : 0
  name                                 = "${var.name}-persons"
  user_pool_id                         = aws_cognito_user_pool.this[0].id
  generate_secret                      = false
  prevent_user_existence_errors        = "ENABLED"
  explicit_auth_flows                  = ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
  supported_identity_providers         = ["COGNITO"]
  allowed_oauth_flows_user_pool_client = true
  allowed_oauth_flows                  = ["code"]
  allowed_oauth_scopes                 = concat(["openid", "email"], values(local.scopes))
  callback_urls                        = var.callback_urls
  access_token_validity                = 60
  id_token_validity                    = 60
  refresh_token_validity               = 30

  token_validity_units {
    access_token  = "minutes"
    id_token      = "minutes"
    refresh_token = "days"
  }
}

# Programs have a secret, which Cognito makes. It stands in the state, as all that the provider reads.
resource "aws_cognito_user_pool_client" "program" {
  for_each                             = local.cognito ? var.programs : {}
  name                                 = "${var.name}-${each.key}"
  user_pool_id                         = aws_cognito_user_pool.this[0].id
  generate_secret                      = true
  prevent_user_existence_errors        = "ENABLED"
  explicit_auth_flows                  = ["ALLOW_REFRESH_TOKEN_AUTH"]
  allowed_oauth_flows_user_pool_client = true
  allowed_oauth_flows                  = ["client_credentials"]
  allowed_oauth_scopes                 = [for name in each.value : local.scopes[name]]
  access_token_validity                = 60

  token_validity_units {
    access_token = "minutes"
  }
}
