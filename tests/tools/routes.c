/* routes: prints every route of the server, "METHOD /path" a line, for tests/openapi.test.mjs. */
#include "api/api.h"

int main(void)
{
    char name[128];
    for (size_t i = 0; api_route_name(i, name); i++) puts(name);
    return 0;
}
