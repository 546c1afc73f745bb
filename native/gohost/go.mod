module plugingate.invalid/gohost

go 1.18
