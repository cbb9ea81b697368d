export { maxDepthRule } from '@escape.tech/graphql-armor-max-depth'
export { default as DataLoader } from 'dataloader'
// by name: of a CommonJS module the bundle would give none
export {
  type ASTVisitor,
  type DocumentNode,
  type ExecutionArgs,
  GraphQLBoolean,
  GraphQLEnumType,
  GraphQLError,
  type GraphQLFieldConfig,
  type GraphQLFieldConfigArgumentMap,
  type GraphQLFieldConfigMap,
  GraphQLFloat,
  GraphQLID,
  GraphQLInputObjectType,
  type GraphQLInputType,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  GraphQLScalarType,
  GraphQLSchema,
  GraphQLString,
  getOperationAST,
  introspectionTypes,
  Kind,
  NoSchemaIntrospectionCustomRule,
  parse,
  printSchema,
  type SelectionSetNode,
  specifiedRules,
  subscribe,
  type ValidationContext,
  type ValidationRule,
  type ValueNode,
  validate,
  validateSchema,
} from 'graphql'
export { createHandler } from 'graphql-http'
export { fieldExtensionsEstimator, getComplexity, simpleEstimator } from 'graphql-query-complexity'
export { handleProtocols, makeServer } from 'graphql-ws'
