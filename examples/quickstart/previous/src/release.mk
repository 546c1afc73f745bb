SONAME = greet.so.1
