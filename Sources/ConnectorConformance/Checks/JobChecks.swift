enum JobChecks { static let all: [ConformanceCheck] = [] }
