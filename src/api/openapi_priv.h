/*
 * openapi_priv.h - what the files that make the OpenAPI document share.
 */
#ifndef OFFHOOK_API_OPENAPI_PRIV_H
#define OFFHOOK_API_OPENAPI_PRIV_H

#include "api/api_priv.h"

/** JSON Schema of a type as struct shape_member.type spells it; `required`: it ended in "!". */
json_t *openapi_type(const char *type, bool *required);
/** Of a field of a resource: its type alone, for queries. */
json_t *openapi_field_type(const struct field *f);
/** All of components/schemas. */
json_t *openapi_schemas(void);

#endif
