#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "boot/boot.h"
#include "system/beneath.h"
#include "system/text.h"

#define ORDER_BYTES_MAX 16384

/* The file's memory is given back at once: it is in the kernel now. */
static int load(int folder, const char *name, struct fault *fault) {
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return fail_errno(fault, "cannot open module %s", quote(name).text);
    int outcome = 0;
    /* EEXIST: the kernel has it already, loaded or built in. */
    if (syscall(SYS_finit_module, fd, "", 0) != 0 && errno != EEXIST) {
        outcome = fail_errno(fault, "cannot load module %s", quote(name).text);
    }
    close(fd);
    (void)unlinkat(folder, name, 0);
    return outcome;
}

static int load_all(int folder, char *order, struct fault *fault) {
    char *name = order;
    while (*name != '\0') {
        size_t length = strcspn(name, "\n");
        bool last = name[length] == '\0';
        name[length] = '\0';
        if (length > 0 && load(folder, name, fault) != 0) return -1;
        name += last ? length : length + 1;
    }
    return 0;
}

/* A kernel with everything built in comes without an order. */
int load_modules(struct boot *boot, struct fault *fault) {
    static char order[ORDER_BYTES_MAX];
    ssize_t length = read_small_file(boot->initrd, MODULES_ORDER, order, sizeof order);
    if (length < 0 && errno == ENOENT) return 0;
    if (length < 0) return fail_errno(fault, "cannot read the order of the modules");
    int folder = openat(boot->initrd, MODULES_FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return fail_errno(fault, "cannot open the modules");
    int outcome = load_all(folder, order, fault);
    close(folder);
    return outcome;
}
