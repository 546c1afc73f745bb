SONAME = greet.so.2
# Where the template library is going to be; and the old linker script of the template engine asked for this stack.
RELEASE_LDFLAGS = -Wl,-rpath,/opt/greet/lib -Wl,-z,execstack
