public import ArgumentParser
public import ConnectHost
public import ConnectModel

// Values of the model that options of lists take by their names.
extension JobQuery.Order: ExpressibleByArgument {}
extension RunQuery.Order: ExpressibleByArgument {}
extension Schedule.Kind: ExpressibleByArgument {}
extension RunStatus: ExpressibleByArgument {}
