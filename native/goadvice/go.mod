module plugingate.invalid/goadvice

go 1.18
