using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("DockMon.Engine.Tests")]
