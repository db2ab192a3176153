package accounts

// HashesRun is how many passwords were hashed or compared.
func (s *Service) HashesRun() int64 { return s.hasher.ran.Load() }
