#include "server/args.h"

enum arg_kind args_next(struct args *a, struct arg *ret_arg) {
    struct str word;

    if (!*a->at)
        return ARG_END;
    word = str_of(*a->at++);
    if (!a->only_plain && str_eq(word, STR("--"))) {
        a->only_plain = true;
        return args_next(a, ret_arg);
    }
    if (a->only_plain || word.len < 2 || word.ptr[0] != '-') {
        *ret_arg = (struct arg){.value = word};
        return ARG_PLAIN;
    }
    word = str_from(word, word.ptr[1] == '-' ? 2 : 1);
    ret_arg->name = str_upto(word, str_find(word, '='));
    ret_arg->value = STR_NONE;
    if (ret_arg->name.len < word.len)
        ret_arg->value = str_at(word.ptr + ret_arg->name.len + 1, word.len - ret_arg->name.len - 1);
    return ARG_OPTION;
}

enum err args_value(struct args *a, const struct arg *arg, struct str *ret_value) {
    if (arg->value.ptr) {
        *ret_value = arg->value;
        return ERR_OK;
    }
    if (!*a->at)
        return ERR_INVALID;
    *ret_value = str_of(*a->at++);
    return ERR_OK;
}
