/* replay - runs a fuzz target once over each file of its corpus, without libFuzzer.
 *
 * Each input is copied to its exact size, so that AddressSanitizer sees a read
 * past the end.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX_BYTES = 1 << 20 };

static void run_file(const char *path) {
    static uint8_t bytes[INPUT_MAX_BYTES];
    FILE *f = fopen(path, "rb");
    size_t n;
    uint8_t *exact;

    if (!f) {
        perror(path);
        exit(1);
    }
    n = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    exact = malloc(n ? n : 1);
    if (!exact)
        abort();
    memcpy(exact, bytes, n);
    LLVMFuzzerTestOneInput(exact, n);
    free(exact);
}

int main(int argc, char **argv) {
    DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
    char path[4096];
    int n = 0;

    if (!dir) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    for (const struct dirent *d = readdir(dir); d; d = readdir(dir)) {
        if (d->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", argv[1], d->d_name);
        run_file(path);
        n++;
    }
    closedir(dir);
    printf("%d inputs\n", n);
    return n ? 0 : 1;
}
