#include <errno.h>
#include <unistd.h>

#include "boot/boot.h"
#include "system/text.h"

/* Without a configuration the defaults boot a root disk and nothing else. */
int read_config(struct boot *boot, struct fault *fault) {
    static char text[CONFIG_BYTES_MAX];
    ssize_t length = read_small_file(boot->initrd, CONFIG_FILE, text, sizeof text);
    if (length < 0 && errno == ENOENT) return 0;
    if (length < 0) return fail_errno(fault, "cannot read the configuration");
    if (length == (ssize_t)sizeof text - 1) {
        return fail(fault, E2BIG, "the configuration is larger than %d bytes", CONFIG_BYTES_MAX - 1);
    }
    return config_parse(&boot->config, text, false, fault);
}
