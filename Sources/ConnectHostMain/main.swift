import ConnectCLI
import Foundation

exit(ConnectHostCommand.run(Array(CommandLine.arguments.dropFirst())))
