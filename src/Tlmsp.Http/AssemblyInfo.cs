using System.Runtime.CompilerServices;

// The pooled buffer, the observers and the names of content contexts are shared by the hosts.
[assembly: InternalsVisibleTo("Tlmsp.AspNetCore")]
[assembly: InternalsVisibleTo("Tlmsp.HttpClient")]
[assembly: InternalsVisibleTo("Tlmsp.Middlebox")]
[assembly: InternalsVisibleTo("Tlmsp.Middlebox.Inspectors")]
[assembly: InternalsVisibleTo("Tlmsp.Middlebox.Tests")]
