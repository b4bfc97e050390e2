#include "base/err.h"

static const char *const texts[] = {
#define X(name, text) [ERR_##name] = text,
    ERR_TABLE(X)
#undef X
};

const char *err_text(enum err e) {
    return texts[e];
}
