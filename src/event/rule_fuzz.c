/* rule_fuzz.c: any JSON as a rule, a funnel step and a condition. */
#include "event/rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *j = json_loadb((const char *)data, size, JSON_DECODE_ANY, NULL);
    if (!j) return 0;
    struct arena a;
    struct err err;
    struct rule r;
    struct condition c;
    arena_init(&a, 1 << 18);
    if (rule_from_json(j, "rule", &a, &r, &err) == ERR_OK) (void)rule_is_stateful(&r);
    if (rule_from_step_json(j, "steps[0]", &a, &r, &err) == ERR_OK) (void)rule_is_stateful(&r);
    if (condition_from_json(j, "filter[0]", &a, &c, &err) != ERR_OK && err.msg[0] == 0)
        __builtin_trap();
    arena_free(&a);
    json_decref(j);
    return 0;
}
