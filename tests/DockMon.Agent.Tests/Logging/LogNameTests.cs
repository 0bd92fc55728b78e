using DockMon.Agent.Logging;
using Microsoft.Extensions.Logging;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Logging;

public sealed class LogNameTests
{
    [Theory]
    [InlineData("DockMon.Agent.Connection.ReadLoop", "read_loop")]
    [InlineData("Plain", "plain")]
    [InlineData("Ends.", "")]
    [InlineData("", "")]
    public void A_logger_is_called_by_the_last_part_of_its_category(string category, string name) => LogName.OfCategory(category).ShouldBe(name);

    [Theory]
    [InlineData("ContainerId", false, "container_id")]
    [InlineData("Time", false, "time_")]
    [InlineData("Level", false, "level_")]
    [InlineData("Logger", false, "logger_")]
    [InlineData("Msg", false, "msg_")]
    [InlineData("Error", false, "error")]
    [InlineData("Error", true, "error_")]
    [InlineData("Stack", true, "stack_")]
    public void A_field_never_has_the_name_of_one_that_the_line_has_itself(string name, bool hasException, string key) =>
        LogName.OfField(name, hasException).ShouldBe(key);

    [Theory]
    [InlineData(LogLevel.Trace, "debug")]
    [InlineData(LogLevel.Debug, "debug")]
    [InlineData(LogLevel.Information, "info")]
    [InlineData(LogLevel.Warning, "warning")]
    [InlineData(LogLevel.Error, "error")]
    [InlineData(LogLevel.Critical, "error")]
    public void Levels_have_four_names(LogLevel level, string name) => LogName.OfLevel(level).ShouldBe(name);
}
